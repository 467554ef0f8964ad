#!/usr/bin/env node
// Copies the declarations that the package's exports reach from build/types to dist/types. The others describe internals, and would be
// a tenth of the package.
import { cpSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'

const FROM = 'build/types'
const TO = 'dist/types'
const IMPORTED = /(?:\bfrom|\bimport)\s*\(?\s*['"](\.[^'"]+)\.(c?)js['"]/g

const { exports } = JSON.parse(readFileSync('package.json', 'utf8'))
const found = new Set()
const rest = Object.values(exports).flatMap(({ types }) => (types ? [types.replace(`./${TO}/`, '')] : []))
while (rest.length > 0) {
  const file = rest.pop()
  if (found.has(file)) continue
  found.add(file)
  for (const [, path, c] of readFileSync(join(FROM, file), 'utf8').matchAll(IMPORTED))
    rest.push(join(dirname(file), `${path}.d.${c}ts`))
}
rmSync(TO, { recursive: true, force: true })
for (const file of found) cpSync(join(FROM, file), join(TO, file))
