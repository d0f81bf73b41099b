/** Prints a measured figure between the results: Vitest hides the console of a test that passes. */
export const report = (line: string): void => void process.stdout.write(`${line}\n`)
