import { defineConfig } from "vitest/config"

// These tests run apart from `npm test`: hostile inputs against one whole stack, and the time of each.
export default defineConfig({
  test: {
    name: "attacks",
    include: ["test/attacks/**/*.attack.ts"],
    globalSetup: "test/attacks/setup.ts",
    setupFiles: "test/e2e/stack-logs.ts",
    silent: "passed-only",
    testTimeout: 120_000,
    hookTimeout: 180_000,
    // All files share one gateway whose answers are timed, so no attack may run beside another one.
    fileParallelism: false
  }
})
