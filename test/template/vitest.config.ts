import { defineConfig } from "vitest/config"

// This runs apart from `npm test`, because it installs the project once more from the npm registry.
export default defineConfig({
  // Each test depends on the one before.
  test: {
    silent: "passed-only",
    bail: 1,
    name: "template",
    include: ["test/template/*.test.ts"],
    testTimeout: 240_000,
    hookTimeout: 240_000
  }
})
