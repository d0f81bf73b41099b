/**
 * The modules of `src` from top to bottom, and what each may not know. Every import goes down this list. `oxlint.config.ts`
 * makes rules of it, CONTRIBUTING.md shows it, and `test/unit/structure.test.ts` plants a violation of each rule.
 */

/** A subject that modules may be kept from importing, by its imports. */
export type Subject =
  | "http"
  | "durable objects"
  | "chains"
  | "hosts"
  | "payments"
  | "test doubles"
  | "local"
  | "barrels"
  | "tests"
  | "detours"
  | "require"

/** A module of `src`: a folder, or a file at its top. */
export interface Module {
  readonly name: string
  /** The subjects that the module may not import, in addition to every module above it and the subjects of no module. */
  readonly mayNotKnow: ReadonlyArray<Subject>
  /** It imports no other module of `src`, not even those below. */
  readonly alone?: boolean
}

/** Every module, top to bottom. */
export const MODULES: ReadonlyArray<Module> = [
  { name: "worker.ts", mayNotKnow: ["chains", "hosts"] },
  { name: "layers.ts", mayNotKnow: [] },
  { name: "compose.ts", mayNotKnow: ["durable objects", "chains", "hosts"] },
  { name: "api", mayNotKnow: ["durable objects", "chains", "hosts"] },
  { name: "schedule", mayNotKnow: ["http", "chains"] },
  { name: "orders", mayNotKnow: ["http", "chains", "hosts"] },
  { name: "sandbox", mayNotKnow: ["http", "payments"] },
  { name: "ids", mayNotKnow: ["http", "payments"] },
  { name: "payers", mayNotKnow: ["http", "payments", "hosts"] },
  { name: "payment", mayNotKnow: ["http", "durable objects", "hosts"] },
  { name: "control-plane", mayNotKnow: ["durable objects", "payments"] },
  { name: "records", mayNotKnow: ["http", "durable objects", "payments", "hosts"] },
  { name: "expiry", mayNotKnow: ["http", "durable objects", "payments", "hosts"] },
  { name: "telemetry", mayNotKnow: ["durable objects", "payments", "hosts"] },
  { name: "config.ts", mayNotKnow: ["http", "durable objects", "payments", "hosts"] },
  { name: "logging.ts", mayNotKnow: ["http", "durable objects", "payments", "hosts"] },
  { name: "domain", mayNotKnow: ["durable objects", "payments", "hosts"], alone: true },
  { name: "bundler", mayNotKnow: ["http", "durable objects", "payments", "hosts"], alone: true },
  { name: "shims", mayNotKnow: ["http", "durable objects", "payments", "hosts"], alone: true },
  { name: "quiet-start.ts", mayNotKnow: ["http", "durable objects", "payments", "hosts"], alone: true }
]

interface Pattern {
  readonly regex: string
  readonly message: string
}

const SUBJECTS: Readonly<Record<Subject, Pattern>> = {
  barrels: {
    regex: "^effect(/(http|http-api))?$",
    message: "Import the module, not the barrel: the barrel defeats tree shaking."
  },
  http: { regex: "^effect/http(-api)?/", message: "This module knows no HTTP." },
  "durable objects": { regex: "^cloudflare:workers$", message: "This module knows no Durable Objects." },
  chains: { regex: "^(mppx|viem|ox)(/|$)|/payment/tempo/", message: "Only src/payment knows chains." },
  hosts: { regex: "/control-plane/jack/", message: "This module knows hosts by their port alone." },
  payments: { regex: "^(mppx|viem|ox)(/|$)|/payment/", message: "This module knows no payments." },
  "test doubles": { regex: "/testing\\.ts$", message: "Test doubles stay out of the product." },
  local: { regex: "/local/", message: "src/local runs in Node and never gets into the Worker." },
  tests: { regex: "/test/", message: "The product does not know its tests." },
  detours: {
    regex: "^\\./\\.\\./|[^./]/\\.\\./|/src/|^jack-template(/|$)",
    message: "Name the file by the shortest relative path."
  },
  require: { regex: "^(node:)?module$", message: "Import modules: a require hides from these rules." }
}

/** The subjects that no module imports. */
export const NOWHERE: ReadonlyArray<Subject> = ["barrels", "test doubles", "local", "tests", "detours", "require"]

/** The patterns of subjects, for oxlint's `no-restricted-imports`. */
export const patternsOf = (subjects: ReadonlyArray<Subject>): Array<Pattern> =>
  subjects.map((subject) => SUBJECTS[subject])

/** The imports that a module may not have, as patterns of oxlint's `no-restricted-imports`; `but` leaves subjects out. */
export const forbiddenImports = (module: Module, but: ReadonlyArray<Subject> = []): Array<Pattern> => {
  const { mayNotKnow, alone = false } = module
  const place = MODULES.indexOf(module)
  const forbidden = MODULES.filter((other, index) => other !== module && (alone || index < place))
  return [
    ...patternsOf([...NOWHERE, ...mayNotKnow].filter((subject) => !but.includes(subject))),
    ...(forbidden.length === 0
      ? []
      : [
          {
            regex: `^(\\./|(\\.\\./)+)(${forbidden.map((module) => pathOf(module)).join("|")})`,
            message: alone ? "This module stands alone." : "Imports go down the list of modules in CONTRIBUTING.md."
          }
        ])
  ]
}

const pathOf = ({ name }: Module): string => (name.endsWith(".ts") ? `${name.replace(".", "\\.")}$` : `${name}/`)
