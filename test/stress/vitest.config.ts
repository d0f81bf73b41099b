import { defineConfig } from "vitest/config"

// Not part of `npm test`: minutes of hostile sources and clients against the built Worker.
export default defineConfig({
  test: {
    name: "stress",
    include: ["test/stress/**/*.stress.ts"],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    fileParallelism: false
  }
})
