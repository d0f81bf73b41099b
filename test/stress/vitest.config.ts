import { defineConfig } from "vitest/config"

// This is not part of `npm test`: minutes of hostile sources and clients against the built Worker.
export default defineConfig({
  test: {
    name: "stress",
    include: ["test/stress/**/*.stress.ts"],
    setupFiles: "test/e2e/stack-logs.ts",
    silent: "passed-only",
    testTimeout: 300_000,
    hookTimeout: 120_000,
    fileParallelism: false
  }
})
