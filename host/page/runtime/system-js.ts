/// <reference types="systemjs" />
import 'systemjs/dist/system.js';
import 'systemjs/dist/extras/amd.js';
import 'systemjs/dist/extras/named-register.js';

/** What the host offers to plugins, by the name they import it under. */
export type SharedModules = Readonly<Record<string, object>>;

/**
 * Offers the shared modules to plugins: an import map sends each name to a module of its own scheme, and what is not
 * in it does not resolve.
 */
export function shareModules(shared: SharedModules): void {
  const imports: Record<string, string> = {};
  for (const [name, exported] of Object.entries(shared)) {
    const id = `package:${name}`;
    // SystemJS takes for modules only what looks like one.
    const module: System.Module = Object.defineProperty({ ...exported }, Symbol.toStringTag, {
      value: 'Module',
    });
    if (!('__esModule' in module)) Object.defineProperty(module, '__esModule', { value: true });
    System.set(id, module);
    imports[name] = id;
  }
  System.addImportMap({ imports });
}

/** A plugin's module by its address; rejects with what could not be loaded. */
export const importModule = (address: string): Promise<Record<string, unknown>> => System.import(address);
