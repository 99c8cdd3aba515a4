// The names by which the languages of code blocks go.
import { nearest } from '../suggest.ts';

/** The name of a language that also goes by others: `python` for `py`. One that is not known here goes by its own name only. */
export function canonical(language: string): string {
  for (const [name, aliases] of LANGUAGES) if (aliases.includes(language)) return name;
  return language;
}

/** False for a name that is known nowhere, but near to one that is. There are many languages, and short names are all alike. */
export function mayBeLanguage(name: string): boolean {
  return LANGUAGE_NAMES.includes(name) || name.length < 5 || nearest(name, LANGUAGE_NAMES) === undefined;
}

const LANGUAGES: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    bash: 'sh shell zsh shellscript',
    bat: 'batch cmd dosbatch',
    c: 'h',
    clojure: 'clj cljs',
    cpp: 'c++ cc cxx hpp cplusplus',
    csharp: 'c# cs',
    css: '',
    csv: '',
    dart: '',
    diff: 'patch udiff',
    dockerfile: 'docker containerfile',
    elixir: 'ex exs',
    elm: '',
    erlang: 'erl',
    fortran: 'f90 f95',
    fsharp: 'f# fs',
    go: 'golang',
    graphql: 'gql',
    groovy: 'gradle',
    haskell: 'hs',
    hcl: 'terraform tf',
    html: 'htm xhtml',
    ini: 'cfg conf dosini',
    java: '',
    javascript: 'js node mjs cjs jsx',
    json: 'jsonc json5',
    jsonl: 'ndjson jsonlines',
    julia: 'jl',
    kotlin: 'kt kts',
    latex: 'tex',
    less: '',
    lisp: 'commonlisp common-lisp elisp',
    lua: '',
    makefile: 'make mk',
    markdown: 'md mdx mkd',
    matlab: 'octave',
    mermaid: '',
    nginx: '',
    nim: '',
    nix: '',
    objectivec: 'objective-c objc obj-c',
    ocaml: 'ml',
    pascal: 'delphi',
    perl: 'pl',
    php: '',
    powershell: 'ps1 pwsh ps',
    prisma: '',
    prolog: '',
    protobuf: 'proto',
    python: 'py python3 py3 python2 pyi',
    r: 'rlang',
    ruby: 'rb',
    rust: 'rs',
    sass: '',
    scala: 'sc',
    scheme: 'scm',
    scss: '',
    solidity: 'sol',
    sql: 'mysql postgresql postgres psql sqlite plsql tsql',
    svelte: '',
    swift: '',
    toml: '',
    typescript: 'ts tsx mts cts',
    vala: '',
    vb: 'vbnet visualbasic vba',
    verilog: 'v systemverilog',
    vhdl: '',
    vim: 'viml vimscript',
    vue: '',
    wasm: 'wat',
    xml: 'svg xsd xsl',
    yaml: 'yml',
    zig: '',
  }).map(([name, aliases]) => [name, aliases === '' ? [] : aliases.split(' ')]),
);

export const LANGUAGE_NAMES: readonly string[] = [...LANGUAGES.keys(), ...[...LANGUAGES.values()].flat()];
