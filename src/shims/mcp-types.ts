// Replaces `@modelcontextprotocol/sdk/types.js`, an optional peer that mppx imports only for its MCP transport.
// `wrangler.jsonc` aliases that import to this module.

/** mppx's MCP transport throws this; the gateway does not use it. */
export class McpError extends Error {}
