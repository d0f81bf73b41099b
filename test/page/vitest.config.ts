import { defineConfig } from "vitest/config"

// This runs apart from `npm test`, which needs only npm, because it needs a Chromium (CHROMIUM, or /usr/bin/chromium).
export default defineConfig({
  test: { silent: "passed-only", name: "page", include: ["test/page/*.test.ts"], testTimeout: 60_000 }
})
