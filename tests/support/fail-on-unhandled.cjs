/** An unhandled rejection is a defect of the code under test: it ends the run instead of passing by. */
if (!process.env.STREAMKPI_UNHANDLED_HOOK) {
  process.on('unhandledRejection', (reason) => {
    console.error('unhandled rejection in a test run', reason);
    process.exit(1);
  });
  process.env.STREAMKPI_UNHANDLED_HOOK = '1';
}
