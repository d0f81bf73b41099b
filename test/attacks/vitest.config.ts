import { defineConfig } from "vitest/config"

// Apart from `npm test`: hostile inputs against one whole stack, and the time that each one takes.
export default defineConfig({
  test: {
    name: "attacks",
    include: ["test/attacks/**/*.attack.ts"],
    globalSetup: "test/attacks/setup.ts",
    setupFiles: "test/e2e/stack-logs.ts",
    silent: "passed-only",
    testTimeout: 120_000,
    hookTimeout: 180_000,
    // One gateway for all files, whose answers are timed: no attack may run beside another one.
    fileParallelism: false
  }
})
