import { defineConfig } from "oxlint"
import { forbiddenImports, MODULES, type Module, NOWHERE, patternsOf } from "./test/structure/modules.ts"

type Patterns = ReturnType<typeof patternsOf>

const restricted = (patterns: Patterns): { "no-restricted-imports": ["error", { patterns: Patterns }] } => ({
  "no-restricted-imports": ["error", { patterns }]
})

const isFile = ({ name }: Module) => name.endsWith(".ts")

// The project structure as rules: `test/structure/modules.ts` says which module may import what.
export default defineConfig({
  plugins: ["typescript", "import", "unicorn", "oxc"],
  categories: { correctness: "error", suspicious: "error" },
  ignorePatterns: ["**/generated"],
  rules: {
    "typescript/no-explicit-any": "error",
    "typescript/no-require-imports": "error",
    "typescript/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
    "import/no-cycle": ["error", { ignoreTypes: false }],
    "no-underscore-dangle": "off",
    "no-shadow": "off",
    "require-yield": "off",
    "unicorn/consistent-function-scoping": "off",
    ...restricted(patternsOf(["barrels"]))
  },
  // The last override that matches a file replaces the ones before it, so each repeats what holds everywhere.
  overrides: [
    { files: ["src/**"], rules: restricted(patternsOf(NOWHERE)) },
    ...MODULES.map((module) => ({
      files: isFile(module) ? [`src/${module.name}`] : [`src/${module.name}/**`],
      rules: restricted(forbiddenImports(module))
    })),
    // A double may use the doubles of other modules, and is bound like its module otherwise.
    ...MODULES.filter((module) => !isFile(module)).map((module) => ({
      files: [`src/${module.name}/**/testing.ts`],
      rules: restricted(forbiddenImports(module, ["test doubles"]))
    })),
    { files: ["src/local/**"], rules: restricted(patternsOf(["barrels", "tests", "detours"])) },
    // Types of bindings, in a file without imports.
    { files: ["src/env.d.ts"], rules: { "typescript/consistent-type-imports": "off" } },
    {
      files: ["test/unit/**", "test/workers/**", "test/support/**"],
      rules: restricted(patternsOf(["barrels", "local"]))
    }
  ] as never
})
