import type { ServiceInfo } from "./service-info.ts"

const SCHEMA = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"

/** The service's version in documents. */
const VERSION = "0.1.0"

/**
 * The entry for registries of MCP servers, as `mcp-publisher publish` takes it. Its name begins with the service's own domain,
 * backwards, because the official registry lets the owner of a domain publish below it.
 */
export const serverJson = ({ origin }: ServiceInfo) => ({
  $schema: SCHEMA,
  name: `${new URL(origin).hostname
    .split(".")
    .toReversed()
    .join(".")
    .replace(/[^a-zA-Z0-9.-]/g, "")}/mpp-compute`,
  title: "mpp-compute",
  description: "Deploys an agent's code to a live URL, paid per call by MPP. No account, no API key.",
  version: VERSION,
  websiteUrl: origin,
  remotes: [{ type: "streamable-http", url: `${origin}/mcp` }]
})
