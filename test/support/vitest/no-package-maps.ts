/**
 * Drops the source maps of packages. Before each file Vitest sends the modules of earlier files to workerd in one message, with their
 * maps, and workerd takes no message above 32 MiB (measured: 36 MB with maps). A stack trace then names the lines of a package as
 * Vite wrote them.
 */
export const noPackageMaps = () => ({
  name: "no-package-maps",
  enforce: "post" as const,
  transform: (code: string, id: string) =>
    id.includes("/node_modules/") ? { code, map: { mappings: "" as const } } : undefined
})
