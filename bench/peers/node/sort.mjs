import { readFileSync } from 'node:fs'
import { eachLine } from './lines.mjs'
import { timed } from './serve.mjs'

export function open({ file }) {
  const sort = () => {
    const lines = []
    eachLine(readFileSync(file), (line) => lines.push(line))
    return lines.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  }
  return { run: timed(sort), answer }
}

function answer(lines) {
  let total = 0
  let inversions = 0
  let last = ''
  for (const line of lines) {
    total = (total + Number(line)) % 2 ** 32
    if (line < last) inversions++
    last = line
  }
  return { keys: lines.length, total, inversions }
}
