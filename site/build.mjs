#!/usr/bin/env node
// Builds the documentation site into out/site: the pages of docs/, the reference of the API below api/, and llms.txt. A link to a page
// or file that does not exist is an error.
//
//   node site/build.mjs
//
// SITE_BASE: the path below which a server has the site, such as /millrace/ (default: /). SITE_OUT: the folder (default: out/site).
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vitepress'
import { llmsText } from './lib/llms.mjs'
import { ROOT, sections } from './lib/pages.mjs'
import { writeReference } from './lib/reference.mjs'

const base = process.env.SITE_BASE ?? '/'
const out = process.env.SITE_OUT ?? join(ROOT, 'out/site')

await build(fileURLToPath(new URL('.', import.meta.url)))
await writeReference(join(out, 'api'), base)
const found = sections()
// Each page also as it was written, which programs read better than HTML.
for (const { source, file } of found.flatMap(({ pages }) => pages)) cpSync(join(ROOT, source), join(out, file))
writeFileSync(join(out, 'llms.txt'), llmsText(found, base))
