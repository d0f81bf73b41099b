import { cloudflareTest } from "@cloudflare/vitest-plugin"
import { defineConfig } from "vitest/config"

// Three rooms: plain Node for what is pure, workerd for what needs its bindings, and the whole stack for what moves money.
export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"], testTimeout: 60_000, hookTimeout: 60_000 } },
      {
        plugins: [cloudflareTest({ main: "./test/workers/main.ts", wrangler: { configPath: "./wrangler.jsonc" } })],
        test: {
          name: "workers",
          include: ["test/workers/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          provide: { randomExports: Number(process.env["RANDOM_EXPORTS"] ?? 200) }
        }
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 90_000,
          hookTimeout: 180_000,
          // Each file starts processes of its own: one after the other, or they starve each other on a small machine.
          fileParallelism: false
        }
      }
    ]
  }
})

declare module "vitest" {
  interface ProvidedContext {
    /** How many random programs are tried; see test/workers/default-exports.test.ts. */
    readonly randomExports: number
  }
}
