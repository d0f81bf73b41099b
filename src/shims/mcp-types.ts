// Stands in for `@modelcontextprotocol/sdk/types.js`, an optional peer that mppx imports for its MCP transport only:
// `wrangler.jsonc` aliases that import to this module.

/** Would be thrown by mppx's MCP transport, which nothing here uses. */
export class McpError extends Error {}
