#!/usr/bin/env node
// `npm create millrace my-pipeline` is `millrace init my-pipeline` without an installation.
process.argv.splice(2, 0, 'init')
const manifest = import.meta.resolve('millrace/package.json')
await import(new URL('dist/cli/main.js', manifest).href)
