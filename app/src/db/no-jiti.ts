/** Stands in for node-pg-migrate's loader of .ts and .js migrations in the bundle: ours are SQL and never reach it. */
export function createJiti(): { import: () => never } {
  return {
    import: () => {
      throw new Error("migrations: got a file that is not SQL; needs .sql files.");
    },
  };
}
