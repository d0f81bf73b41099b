import { existsSync } from "node:fs"
import { cloudflareTest } from "@cloudflare/vitest-plugin"
import { defineConfig } from "vitest/config"
import { noPackageMaps } from "./test/support/vitest/no-package-maps.ts"
import { workerdLog } from "./test/support/vitest/workerd-log.ts"

// Plain Node for what is pure (`unit` and `bundler`), workerd for what needs its bindings, and the whole stack for what moves money.
export default defineConfig({
  test: {
    // The log of the code under test is printed for the tests that fail, and only for those.
    silent: "passed-only",
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          // `jack new` leaves the template's own description out of a project.
          exclude: ["test/unit/bundler/**", ...(existsSync(".jack.json") ? [] : ["test/unit/jack-template.test.ts"])],
          // The files of a worker share its modules, because to load them anew for each file was four fifths of the time.
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 60_000
        }
      },
      {
        test: {
          // Its files do not share modules: each keeps compilers, their places and fetched packages in its own.
          name: "bundler",
          include: ["test/unit/bundler/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000
        }
      },
      {
        plugins: [
          cloudflareTest({ main: "./test/workers/main.ts", wrangler: { configPath: "./wrangler.jsonc" } }),
          workerdLog(),
          noPackageMaps()
        ],
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
          setupFiles: "test/e2e/stack-logs.ts",
          testTimeout: 90_000,
          hookTimeout: 180_000,
          // Each file starts processes of its own and mostly waits for them; more than two at once starve each other on a small machine.
          maxWorkers: 2,
          // vitest runs projects with another number of workers in a group of their own.
          sequence: { groupOrder: 1 }
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
