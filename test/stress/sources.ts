import type { Files } from "./built.ts"

const line = (index: number): string =>
  `export const f${index} = (a: number, b: { x: string }) => { const y = a * ${index} + b.x.length; if (y > 3) { return [y, ...Array.from({ length: y }, (_, k) => k * 2)] } return { y, name: \`n\${b.x}\`, z: b?.x ?? "q" } }\n`

/** Makes a program of so many files that import each other's functions, with so many functions in each. */
export const project = (files: number, functions: number): Files => {
  const modules = Array.from({ length: files - 1 }, (_, index) => index)
  return {
    "index.ts": `${modules.map((index) => `import * as m${index} from "./m${index}"`).join("\n")}\nexport default { fetch: () => Response.json([${modules.map((index) => `m${index}.f0.name`).join()}]) }\n`,
    ...Object.fromEntries(
      modules.map((index) => [`m${index}.ts`, Array.from({ length: functions }, (_, it) => line(it)).join("")])
    )
  }
}

/** The benchmark's three sizes. */
export const SIZES = {
  "1 file": { "index.ts": 'export default { fetch: () => new Response("x") }\n' },
  "20 files": project(20, 3),
  "441 KB in 61 files": project(61, 34)
} satisfies Record<string, Files>
