import { createWorker } from "@cloudflare/worker-bundler"

/** The peer behind nothing but JSON: it installs from `registry`, and answers with its modules. */
export default {
  fetch: async (request) => {
    const { files, entryPoint, registry } = (await request.json()) as {
      readonly files: Record<string, string>
      readonly entryPoint: string
      readonly registry: string
    }
    try {
      const { mainModule, modules, warnings = [] } = await createWorker({ files, entryPoint, registry })
      return Response.json({ mainModule, modules, warnings })
    } catch (error) {
      return Response.json({ error: String(error) }, { status: 422 })
    }
  }
} satisfies ExportedHandler
