import { spawn, spawnSync } from "node:child_process"
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { withoutComments } from "../../src/bundler/project/jsonc.ts"
import { makeGateway, testSettings } from "../support/gateway.ts"

interface Hook {
  readonly action: string
  readonly key?: string
  readonly onMissing?: string
  readonly transform?: string
  readonly generateCommand?: string
  readonly command?: string
  readonly cwd?: string
}
interface Template {
  readonly secrets: ReadonlyArray<string>
  readonly intent: { readonly keywords: ReadonlyArray<string>; readonly examples: ReadonlyArray<string> }
  readonly agentContext: { readonly full_text: string }
  readonly hooks: { readonly preCreate: ReadonlyArray<Hook>; readonly postDeploy: ReadonlyArray<Hook> }
}

const { durable_objects: objects, migrations } = JSON.parse(
  withoutComments(readFileSync("wrangler.jsonc", "utf8"))
) as {
  readonly durable_objects: { readonly bindings: ReadonlyArray<{ readonly class_name: string }> }
  readonly migrations: ReadonlyArray<{ readonly new_sqlite_classes?: ReadonlyArray<string> }>
}

const template = JSON.parse(readFileSync(".jack.json", "utf8")) as Template
const hook = (key: string) => template.hooks.preCreate.find((one) => one.key === key)

/** A `jack` that prints a token as the real one does, with other output on stderr, and records its calls. */
const fakeJack = `#!/bin/sh
echo "$@" >> "$(dirname "$0")/calls"
[ "$1" = tokens ] && printf 'Created token mpp-compute\\n\\n  jkt_${"5a".repeat(32)}\\n\\nSave it now.\\n' >&2
exit 0
`
let bin: string
beforeAll(() => {
  bin = mkdtempSync(join(tmpdir(), "jack-"))
  writeFileSync(join(bin, "jack"), fakeJack)
  chmodSync(join(bin, "jack"), 0o755)
})
afterAll(() => rmSync(bin, { recursive: true }))

const env = () => ({ ...process.env, PATH: [bin, process.env["PATH"]].join(delimiter) })
const calls = () => (existsSync(join(bin, "calls")) ? readFileSync(join(bin, "calls"), "utf8").trim().split("\n") : [])

/** The variables that the project's configuration sets. */
const vars = JSON.parse(/"vars": (\{[^}]*\})/.exec(readFileSync("wrangler.jsonc", "utf8"))?.[1] ?? "{}") as Record<
  string,
  string
>

describe("the template's secrets", () => {
  it("are the settings without a default that no variable sets", async () => {
    const health = await (await makeGateway({ settings: vars }).send("/health")).json()
    assert.sameMembers([...template.secrets], (health as { missing: Array<string> }).missing)
    assert.sameMembers(
      [...template.secrets],
      template.hooks.preCreate.flatMap(({ key }) => key ?? [])
    )
    // The jack command line would take a variable of this name for its own.
    assert.notInclude(template.secrets, "JACK_API_TOKEN")
  })

  it("are prompted for or made by working commands, and complete the settings", async () => {
    assert.deepInclude(hook("TEMPO_RECIPIENT"), { onMissing: "prompt", transform: "strip_tempox" })
    const made = Object.fromEntries(
      ["MPP_SECRET_KEY", "CONTROL_PLANE_TOKEN"].map((key) => {
        const { status, stdout } = spawnSync("sh", ["-c", hook(key)?.generateCommand ?? "false"], {
          env: env(),
          encoding: "utf8"
        })
        assert.strictEqual(status, 0, key)
        return [key, stdout.trim()]
      })
    )
    const recipient = { TEMPO_RECIPIENT: testSettings["TEMPO_RECIPIENT"] ?? "" }
    const health = await (await makeGateway({ settings: { ...vars, ...made, ...recipient } }).send("/health")).json()
    assert.deepInclude(health, { configured: true, missing: [] })
    assert.deepStrictEqual(calls(), ["tokens create mpp-compute"])
  })
})

describe("the commands after the deploy", () => {
  const shells = template.hooks.postDeploy.filter(({ action }) => action === "shell")
  const command = shells[0]

  it("schedule the sweep at most as often as Jack allows", () => {
    const { status } = spawnSync("sh", ["-c", shells[1]?.command ?? "false"], { env: env() })
    assert.strictEqual(status, 0)
    assert.strictEqual(calls().at(-1), "services cron create 0 * * * *")
  })

  for (const [what, settings, ships] of [
    ["all is well", testSettings, 0],
    ["the secrets came late", {}, 1]
  ] as const) {
    it(`${ships === 0 ? "do nothing" : "ship again"} if ${what}`, async () => {
      const gateway = makeGateway({ settings })
      const server = createServer(async (request, response) => {
        const answer = await gateway.send(request.url ?? "/")
        response.writeHead(answer.status).end(await answer.text())
      })
      await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      const before = calls().length
      assert.strictEqual(command?.cwd, "project")
      const shell = spawn("sh", ["-c", command?.command?.replaceAll("{{url}}", url) ?? "false"], { env: env() })
      const status = await new Promise<number | null>((ended) => shell.on("close", ended))
      server.close()
      assert.strictEqual(status, 0)
      assert.deepStrictEqual(
        calls().slice(before),
        Array.from({ length: ships }, () => "ship")
      )
    })
  }
})

describe("a wish typed to `jack new`", () => {
  // Jack's rule: a template matches if one of its keywords appears anywhere in the wish, in any case, even within a word.
  const matching = (wish: string) =>
    template.intent.keywords.filter((keyword) => wish.toLowerCase().includes(keyword.toLowerCase()))

  for (const wish of [
    ...template.intent.examples,
    "Sell compute to AI agents",
    "a paid deploy API",
    "agents pay per deploy",
    "an MPP service that runs code",
    "selling compute over HTTP 402"
  ])
    it(`finds this template: ${wish}`, () => {
      assert.isAbove(matching(wish).length, 0)
    })

  for (const wish of [
    "deploy my blog",
    "a dashboard for deployments",
    "hosting for my portfolio",
    "a sandbox game",
    "a chatbot with agents",
    "run code reviews with an LLM",
    "code runner in the browser",
    "a computer parts shop",
    "compute the price of a mortgage",
    "temporary file sharing",
    "a contemporary art gallery",
    "a tempo trainer for musicians",
    "a stablecoin price tracker",
    "real estate portal where agents pay a monthly fee",
    "vending machine payments overview",
    "payments with stripe",
    "a paid api for weather",
    "unpaid invoices reminder",
    "room 402 booking system",
    "track 4020 orders",
    "api endpoint",
    "uptime monitor",
    "telegram bot",
    "semantic search over my notes",
    "a saas with login and subscriptions"
  ])
    it(`does not find this template: ${wish}`, () => {
      assert.deepStrictEqual(matching(wish), [])
    })
})

describe("the template", () => {
  it("creates each object class by `new_sqlite_classes`, because Jack would create others again", () => {
    const created = migrations.flatMap((step) => step.new_sqlite_classes ?? [])
    for (const { class_name: name } of objects.bindings) assert.include(created, name)
    assert.isAtMost(objects.bindings.length, 3)
  })

  it("keeps the files with Jack's secrets out of git", () => {
    const ignored = (file: string) => spawnSync("git", ["check-ignore", "-q", "--no-index", file]).status === 0
    for (const file of [".secrets.json", ".env", ".env.local", ".env.production", ".dev.vars", ".dev.vars.staging"])
      assert.isTrue(ignored(file), file)
    assert.isFalse(ignored(".dev.vars.example"))
    const { stdout } = spawnSync("git", ["ls-files", ".dev.vars.example"], { encoding: "utf8" })
    assert.strictEqual(stdout.trim(), ".dev.vars.example")
  })

  it("points an assistant to files that exist", () => {
    const text = template.agentContext.full_text
    assert.strictEqual(text, readFileSync("AGENTS.md", "utf8").trim())
    for (const [, path = ""] of text.matchAll(/`(src\/[\w/.-]+)`/g)) assert.isTrue(existsSync(path), path)
    assert.notInclude(JSON.stringify(template.agentContext), "Cloudflare Workers")
  })

  it("has a bun.lock that agrees with package.json and names no registry", () => {
    const lock = readFileSync("bun.lock", "utf8")
    const { workspaces } = JSON.parse(lock.replace(/,(?=\s*[}\]])/g, "")) as {
      workspaces: Record<string, Record<string, unknown>>
    }
    const wanted = JSON.parse(readFileSync("package.json", "utf8")) as Record<string, unknown>
    for (const part of ["name", "dependencies", "devDependencies", "optionalDependencies"]) {
      assert.deepStrictEqual(workspaces[""]?.[part], wanted[part], part)
    }
    assert.notMatch(lock, /https?:\/\//)
  })
})
