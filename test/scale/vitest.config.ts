import { defineConfig } from "vitest/config"

// This is part of `npm run soak` alone: many projects and deployments on the whole stack, one file after the other.
export default defineConfig({
  test: {
    name: "scale",
    include: ["test/scale/**/*.scale.ts"],
    setupFiles: "test/e2e/stack-logs.ts",
    testTimeout: 1_200_000,
    hookTimeout: 180_000,
    fileParallelism: false
  }
})
