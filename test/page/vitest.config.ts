import { defineConfig } from "vitest/config"

// Apart from `npm test`, which needs no more than npm: this needs a Chromium (CHROMIUM, or /usr/bin/chromium).
export default defineConfig({
  test: { silent: "passed-only", name: "page", include: ["test/page/*.test.ts"], testTimeout: 60_000 }
})
