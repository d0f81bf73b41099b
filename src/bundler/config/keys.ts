/** Keys at the top of a configuration that are honoured. */
export const HONOURED = [
  "$schema",
  "main",
  "compatibility_date",
  "compatibility_flags",
  "define",
  "alias",
  "rules",
  "vars",
  "secrets",
  "kv_namespaces",
  "d1_databases",
  "r2_buckets",
  "durable_objects",
  "migrations",
  "assets"
] as const

const ACCOUNT = "A deployment has an address and an account of its own."
const BUILD = "The project is bundled as it is sent."
const OPERATION = "A deployment has settings of its own."

/** Keys without effect here, and the reason. The code runs the same without them. */
export const WITHOUT_EFFECT: Readonly<Record<string, string>> = {
  name: "The name of the request counts.",
  account_id: ACCOUNT,
  workers_dev: ACCOUNT,
  preview_urls: ACCOUNT,
  previews: ACCOUNT,
  routes: ACCOUNT,
  route: ACCOUNT,
  compliance_region: ACCOUNT,
  env: "The top level counts, and no named environment.",
  triggers: "Nothing calls a deployment on a schedule.",
  limits: OPERATION,
  placement: OPERATION,
  observability: OPERATION,
  logpush: OPERATION,
  cache: OPERATION,
  tail_consumers: OPERATION,
  streaming_tail_consumers: OPERATION,
  keep_vars: "The vars of the configuration are the only ones.",
  first_party_worker: OPERATION,
  cloudchamber: OPERATION,
  build: `No command runs. ${BUILD}`,
  no_bundle: BUILD,
  find_additional_modules: "Modules that the code imports are bundled, and no others.",
  base_dir: "Modules that the code imports are bundled, and no others.",
  preserve_file_names: BUILD,
  minify: BUILD,
  keep_names: "Functions and classes keep their names.",
  upload_source_maps: BUILD,
  tsconfig: "The tsconfig.json nearest to a file counts.",
  jsx_factory: 'Set "jsxFactory" in tsconfig.json, or write a comment: /** @jsx h */',
  jsx_fragment: 'Set "jsxFragmentFactory" in tsconfig.json, or write a comment: /** @jsxFrag Fragment */',
  python_modules: "Only JavaScript and TypeScript run.",
  dev: "It is for wrangler dev.",
  send_metrics: "It is for wrangler.",
  dependencies_instrumentation: "It is for wrangler."
}

/** A key that the code would miss. */
export interface Refusal {
  /** The service, as in "… is not available here". */
  readonly service: string
  /** The thing that the code would miss, given the name of the binding; by default `env.NAME`. */
  readonly loss?: (name: string) => string
  readonly hint?: string
}

const NO_IMPORT = 'Send the file, and import it: import file from "./file.wasm", "./file.txt" or "./file.bin".'
const HTTP = "Remove it, or call the service over HTTP with fetch and a key that you send as a secret in env."

/** Keys that are refused, because the code would miss them. */
export const REFUSED: Readonly<Record<string, Refusal>> = {
  ai: { service: "Workers AI", hint: HTTP },
  ai_search: { service: "AI Search", hint: HTTP },
  ai_search_namespaces: { service: "AI Search", hint: HTTP },
  agent_memory: { service: "Agent Memory" },
  analytics: { service: "Analytics SQL" },
  analytics_engine_datasets: { service: "Analytics Engine", hint: "Remove it, or store events in a D1 database." },
  artifacts: { service: "Artifacts" },
  browser: { service: "Browser Rendering", hint: HTTP },
  containers: { service: "Containers", loss: (name) => `the container ${name}` },
  dispatch_namespaces: { service: "Workers for Platforms" },
  flagship: { service: "Flagship" },
  hyperdrive: { service: "Hyperdrive", hint: "Use a D1 database, or a database that is reached over HTTP." },
  images: { service: "Cloudflare Images", hint: HTTP },
  k2: { service: "K2" },
  media: { service: "Media Transformations" },
  mtls_certificates: { service: "mTLS certificates" },
  pipelines: { service: "Pipelines" },
  queues: {
    service: "Queues",
    loss: (name) => `the queue ${name}`,
    hint: "Remove it, or keep the messages in a Durable Object, which can set alarms."
  },
  ratelimits: { service: "Rate limiting", hint: "Remove it, or count in a Durable Object." },
  secrets_store_secrets: {
    service: "Secrets Store",
    hint: "Send the secret in env of the request: env.NAME is its text."
  },
  send_email: { service: "Email sending", hint: HTTP },
  services: { service: "Other Workers", hint: "Send the other Worker's code as part of this one." },
  stream: { service: "Cloudflare Stream", hint: HTTP },
  unsafe: { service: "Unsafe bindings" },
  unsafe_hello_world: { service: "The hello world binding" },
  vectorize: { service: "Vectorize", hint: HTTP },
  version_metadata: { service: "Version metadata" },
  vpc_networks: { service: "VPC networks" },
  vpc_services: { service: "VPC services" },
  worker_loaders: { service: "Worker Loader" },
  workflows: { service: "Workflows", hint: "Use a Durable Object, which can set alarms." },
  logfwdr: { service: "Logfwdr" },
  addresses: { service: "Email Routing", loss: (name) => `emails to ${name}` },
  connect: { service: "Listening on sockets", loss: () => "its connections" },
  access: {
    service: "Cloudflare Access",
    loss: () => "the sign-in: everybody could reach the site",
    hint: "Remove it, or check a password or token in the code."
  },
  exports: {
    service: '"exports"',
    loss: (name) => name,
    hint: 'Use "durable_objects" and "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Name"] }].'
  },
  site: { service: "Workers Sites", loss: () => "its files", hint: 'Use "assets": { "directory": "./public" }.' },
  pages_build_output_dir: {
    service: "Pages",
    loss: () => "its functions",
    hint: 'Write a Worker project: "main" for the program, "assets": { "directory": "./dist" } for the files.'
  },
  wasm_modules: { service: "Modules as bindings", hint: NO_IMPORT },
  text_blobs: { service: "Modules as bindings", hint: NO_IMPORT },
  data_blobs: { service: "Modules as bindings", hint: NO_IMPORT }
}
