import { defineConfig } from "vitest/config"

// Apart from `npm test`: it installs the project once more, from the npm registry.
export default defineConfig({
  // Each test stands on the one before.
  test: {
    silent: "passed-only",
    bail: 1,
    name: "template",
    include: ["test/template/*.test.ts"],
    testTimeout: 240_000,
    hookTimeout: 240_000
  }
})
