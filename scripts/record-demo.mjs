#!/usr/bin/env node
// Records a run of the demo as an animated SVG: its output at the times of printing.
//
//   npm run build && node scripts/record-demo.mjs            writes docs/images/demo.svg
//   node scripts/record-demo.mjs --duration 10s --out /tmp/demo.svg
//
// The run is real: the script starts examples/demo.mjs and stops with its exit code if the demo fails.
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { animate } from './lib/animated-svg.mjs'
import { demoScreens } from './lib/demo-screens.mjs'

const { values } = parseArgs({
  options: {
    duration: { type: 'string', default: '10s' },
    rate: { type: 'string', default: '2000' },
    out: { type: 'string', default: fileURLToPath(new URL('../docs/images/demo.svg', import.meta.url)) },
  },
})

const demo = fileURLToPath(new URL('../examples/demo.mjs', import.meta.url))
const args = [demo, '--duration', values.duration, '--rate', values.rate]
const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
const startedAt = performance.now()
/** The output so far, by time. */
const prints = []
let text = ''
child.stdout.setEncoding('utf8').on('data', (chunk) => {
  text += chunk
  // Only complete lines are shown.
  prints.push({ at: performance.now() - startedAt, text: text.slice(0, text.lastIndexOf('\n') + 1) })
})
const code = await new Promise((resolve) => child.on('close', resolve))
if (code !== 0) process.exit(code ?? 1)

const command = `node examples/demo.mjs --duration ${values.duration} --rate ${values.rate}`
mkdirSync(dirname(values.out), { recursive: true })
const svg = animate(demoScreens(prints, command), 'A run of the demo: trending hashtags while a thread is terminated')
writeFileSync(values.out, svg)
console.log(`${values.out}: ${(svg.length / 1024).toFixed(0)} KiB`)
