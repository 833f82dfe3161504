// Makes src/kgcompare/web/static/yasgui/ of the packages that package-lock.json names: see README.md.
import { build } from "esbuild";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, posix, resolve } from "node:path";

const HERE = import.meta.dirname;
const OUT = resolve(HERE, "../../src/kgcompare/web/static/yasgui");

/** What is left out or put differently: module -> [text, text instead] ..., or the whole module. */
const INSTEAD = {
  // A snapshot of prefix.cc; the page has prefixes of its own.
  "yasqe/src/prefixes.json": "{}",
  // Completions from Linked Open Vocabularies; the page has terms of its own.
  "yasqe/src/autocompleters/classes.ts": ['Autocompleter.fetchFromLov(yasqe, "class", token)', "[]"],
  "yasqe/src/autocompleters/properties.ts": ['Autocompleter.fetchFromLov(yasqe, "property", token)', "[]"],
  // Nothing is to be loaded from elsewhere; and the source map has no text of a module that only names others.
  "yasr/src/helpers/index.ts": 'export { default as sanitize } from "./sanitize"; export const addScript = null, addCss = null;',
  "yasqe/src/defaults.ts": ['"https://dbpedia.org/sparql"', '""'],
  // Shows {{x}} in a text as the value of ?x; data are shown as they are.
  "yasr/src/parsers/index.ts": ["for (const lit in binding) {", "for (const lit in {}) {"],
  // An apostrophe in an IRI ends the attribute that it stands in; markup in a text is parsed, then sanitised, though
  // it is only sorted and searched.
  "yasr/src/plugins/table/index.ts": [
    "const href = sanitize(binding.value);",
    "const href = escape(binding.value);",
    "return sanitize(data.value);",
    "return escape(data.value);",
  ],
  // Widths by dragging: puts a style element into the page, which the page's policy forbids.
  "column-resizer": "export default class { reset() {} onResize() {} }",
};

// The packages carry their bundles only, and the sources in the source maps of these. Built from the sources, the two
// share their libraries, and what is not used falls away.
const sources = {};
for (const name of ["yasqe", "yasr"]) {
  const map = JSON.parse(readFileSync(join(HERE, `node_modules/@zazuko/${name}/build/${name}.esm.js.map`), "utf8"));
  map.sources.forEach((path, at) => {
    const module = posix.join(name, "build", path);
    if (!module.includes("node_modules") && !module.endsWith(".scss")) sources[module] = map.sourcesContent[at];
  });
}

const changed = new Set();

function text(module) {
  const instead = INSTEAD[module];
  if (instead) changed.add(module);
  if (!Array.isArray(instead)) return instead ?? sources[module];
  let found = sources[module];
  for (let at = 0; at < instead.length; at += 2) {
    const parts = found.split(instead[at]);
    if (parts.length !== 2) throw new Error(`${module} does not have ${instead[at]} once`);
    found = parts.join(instead[at + 1]);
  }
  return found;
}

const fromMaps = {
  name: "from-maps",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\.s?css$/ }, ({ path }) => ({ path, namespace: "style" }));
    onLoad({ filter: /.*/, namespace: "style" }, () => ({ contents: "" })); // the packages' own CSS is taken whole
    onResolve({ filter: /^@zazuko\// }, ({ path }) => ({
      path: `${path.slice(8).replace("yasgui-", "")}/src/index.ts`,
      namespace: "source",
    }));
    onResolve({ filter: /^column-resizer$/ }, ({ path }) => ({ path, namespace: "source" }));
    onResolve({ filter: /^\./, namespace: "source" }, ({ path, importer }) => {
      const base = posix.join(posix.dirname(importer), path);
      const names = [base, `${base}.ts`, `${base}.js`, posix.join(base, "index.ts")];
      return { path: names.find((name) => name in sources || name in INSTEAD), namespace: "source" };
    });
    onLoad({ filter: /.*/, namespace: "source" }, ({ path }) => ({
      contents: text(path),
      loader: path.endsWith(".json") ? "json" : "ts",
      resolveDir: HERE,
    }));
  },
};

const banner = "/* The editor and the tables of YASGUI with their libraries; see LICENSE beside this file. */";
const options = { banner: { js: banner, css: banner }, bundle: true, minify: true, write: false, legalComments: "none", target: "es2022", metafile: true };
const script = await build({
  ...options,
  format: "iife",
  stdin: {
    contents: 'import Yasqe from "@zazuko/yasqe"; import Yasr from "@zazuko/yasr"; Object.assign(window, { Yasqe, Yasr });',
    resolveDir: HERE,
  },
  plugins: [fromMaps],
});
const style = await build({
  ...options,
  stdin: {
    contents: '@import "@zazuko/yasqe/build/yasqe.min.css"; @import "@zazuko/yasr/build/yasr.min.css";',
    loader: "css",
    resolveDir: HERE,
  },
});
const missing = Object.keys(INSTEAD).filter((module) => !changed.has(module));
if (missing.length) throw new Error(`not met: ${missing}`);

/** The folder of the package that a bundled file belongs to. */
const folder = (path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
const packages = new Set(["yasqe", "yasr", "yasgui-utils"].map((name) => `node_modules/@zazuko/${name}`));
for (const { metafile } of [script, style]) {
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) if (bytesInOutput && folder(path)) packages.add(folder(path));
  }
}

const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

function licence(path) {
  const { name, version, license, author, homepage } = JSON.parse(readFileSync(join(HERE, path, "package.json"), "utf8"));
  const own = ["LICENSE", "LICENSE.md", "LICENSE.txt", "license", "License.txt"].find((file) => existsSync(join(HERE, path, file)));
  if (!own && license !== "MIT") throw new Error(`${name} has no text of its licence`);
  const text = own ? readFileSync(join(HERE, path, own), "utf8").trim() : `By ${author?.name ?? author}, ${homepage}\n\n${MIT}`;
  return `${name} ${version} (${license})\n\n${text.replaceAll("\r", "")}\n`;
}

mkdirSync(OUT, { recursive: true });
writeFileSync(join(OUT, "yasgui.js"), script.outputFiles[0].contents);
writeFileSync(join(OUT, "yasgui.css"), style.outputFiles[0].contents);
writeFileSync(
  join(OUT, "LICENSE"),
  "yasgui.js and yasgui.css are made of these packages, some of them changed: see vendor/yasgui/ in kgcompare's sources.\n\n" +
    [...packages].sort().map(licence).join(`\n${"-".repeat(100)}\n\n`),
);
for (const [name, { outputFiles }] of Object.entries({ script, style })) console.log(name, outputFiles[0].contents.length, "bytes");
