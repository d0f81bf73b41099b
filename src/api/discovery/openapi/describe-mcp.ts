/** The MCP endpoint in the OpenAPI document. MCP describes its own messages: `tools/list` has the schemas. */
export const describeMcp = {
  post: {
    operationId: "mcp",
    security: [],
    summary: "The same API as tools of MCP",
    description:
      'Streamable HTTP without sessions. A tool that takes a payment or a proof answers the error -32042 with data.challenges; the credential goes into _meta["org.paymentauth/credential"].',
    requestBody: {
      description: "One message of JSON-RPC 2.0.",
      required: true,
      content: { "application/json": { schema: { type: "object" } } }
    },
    responses: {
      200: { description: "The answer to a request.", content: { "application/json": { schema: { type: "object" } } } },
      202: { description: "A notification needs no answer." },
      400: { description: "An error of JSON-RPC.", content: { "application/json": { schema: { type: "object" } } } }
    }
  }
}
