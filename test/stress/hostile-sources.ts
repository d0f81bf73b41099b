import type { Files } from "./built.ts"

/** A source that always builds. */
export const fine: Files = {
  "index.ts": "import x from './x'\nexport default { fetch: () => x }",
  "x.ts": "export default 41 + 1"
}
/** Parentheses in parentheses. */
export const nested = (depth: number) => `export default ${"(".repeat(depth)}1${")".repeat(depth)}`

const importingNothing = (times: number): Files => ({
  "index.ts": Array.from({ length: times }, (_, index) => `import './${index}'`).join("\n")
})

/** Sources that attack the compiler, with the text of the diagnostic that refuses them. */
export const HOSTILE: Readonly<Record<string, readonly [Files, RegExp]>> = {
  "10,000 nested parentheses": [{ "index.ts": nested(10_000) }, /gave up|cannot answer requests/],
  "100,000 nested parentheses": [{ "index.ts": nested(100_000) }, /gave up/],
  "1,000,000 brackets": [{ "index.ts": "[".repeat(1_000_000) }, /at most 512000/],
  "500,000 brackets": [{ "index.ts": "[".repeat(500_000) }, /gave up/],
  "500,000 statements": [{ "index.ts": `${";".repeat(500_000)}export default {}` }, /more than 64 MB/],
  "JSON, 200,000 deep": [
    {
      "index.ts": "import x from './x.json'\nexport default { fetch: () => x }",
      "x.json": "[".repeat(200_000) + "]".repeat(200_000)
    },
    /gave up/
  ],
  "settings, 200,000 deep": [{ ...fine, "tsconfig.json": "[".repeat(200_000) }, /levels deep/],
  "package.json, 200,000 deep": [{ ...fine, "package.json": '{"a":'.repeat(80_000) }, /not JSON/],
  "blocks, 20,000 deep": [
    { "index.ts": `${"if(x){".repeat(20_000)}y()${"}".repeat(20_000)};export default {fetch(){}}` },
    /gave up|bundle is/
  ],
  "JSX, 20,000 deep": [
    { "index.tsx": `export default { fetch: () => ${"<a>".repeat(20_000)}${"</a>".repeat(20_000)} }` },
    /gave up|bundle is/
  ],
  "template literals, 50,000 deep": [
    { "index.ts": "export default " + "`${".repeat(50_000) + "1" + "}`".repeat(50_000) },
    /./
  ],
  "types, 50,000 deep": [
    { "index.ts": `type A = ${"B<".repeat(50_000)}C${">".repeat(50_000)}\nexport default 1` },
    /./
  ],
  "10,000 files": [
    { ...fine, ...Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`f${index}.ts`, ""])) },
    /10002 files/
  ],
  "5 MB in one line": [{ ...fine, "a.ts": "x".repeat(5_000_000) }, /at most 512000/],
  "invalid UTF-16 in a name": [{ ...fine, "a\ud800.ts": "" }, /Unicode/],
  "a climb out of the root": [{ "index.ts": "export { default } from '../../../etc/passwd'" }, /leads out/],
  "3,000 imports of nothing": [importingNothing(3000), /not among/],
  "a path of 100,000 folders": [
    { "index.ts": `import './${"a/".repeat(100_000)}x'` },
    /not available: it has 200003 characters/
  ],
  "a specifier of 500,000 letters": [{ "index.ts": `import '${"a".repeat(500_000)}'` }, /not available/],
  "20,000 imports by 20,000 conditions": [
    {
      "index.ts": Array.from({ length: 20_000 }, (_, index) => `import '#${index}'`).join("\n"),
      "package.json": JSON.stringify({ imports: { "#*": Array.from({ length: 20_000 }, () => null) } })
    },
    /not available|gave up/
  ],
  "20,000 paths": [
    {
      ...fine,
      "tsconfig.json": JSON.stringify({
        compilerOptions: { paths: Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`a${index}*`, []])) }
      })
    },
    /more than 1000 "paths"/
  ],
  "settings that extend each other": [
    {
      "index.ts": "import './nothing'",
      ...Object.fromEntries(
        Array.from({ length: 400 }, (_, index) => [
          index === 0 ? "tsconfig.json" : `t${index}.json`,
          JSON.stringify({ extends: [`./t${(index % 399) + 1}.json`, `./t${((index + 1) % 399) + 1}.json`] })
        ])
      )
    },
    /./
  ],
  "packages in 400 folders each": [
    {
      "index.ts": "import './nothing'",
      "package.json": JSON.stringify({ workspaces: ["**/**", "a/**/b/**", "!**/c"] }),
      ...Object.fromEntries(
        Array.from({ length: 400 }, (_, index) => [
          `p${index}/${"a/".repeat(240)}package.json`,
          JSON.stringify({ name: `p${index}` })
        ])
      )
    },
    /not among/
  ],
  "20,000 imports of nothing": [importingNothing(20_000), /gave up|not among/]
}
