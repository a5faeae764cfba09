/**
 * Loaded into the bridge by --require, so that a bench can look inside: BENCH_PROFILE names a folder for a CPU profile
 * of its whole life; SIGUSR2 collects garbage and writes the memory's use to the file BENCH_MEMORY.
 */
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const { BENCH_PROFILE: profileFolder, BENCH_MEMORY: memoryFile } = process.env;

if (profileFolder !== undefined) {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.start');
  process.once('exit', () => {
    session.post('Profiler.stop', (error, result) => {
      if (error !== null) return;
      writeFileSync(join(profileFolder, `bridge-${process.pid}.cpuprofile`), JSON.stringify(result.profile));
    });
  });
}

if (memoryFile !== undefined) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  process.on('SIGUSR2', () => {
    collect();
    collect();
    writeFileSync(memoryFile, JSON.stringify(process.memoryUsage()));
  });
}
