import { readFileSync } from 'node:fs'
import { digest } from '../../compare/digest.mjs'
import { eachLine } from './lines.mjs'
import { timed } from './serve.mjs'

export function open({ file }) {
  const bytes = readFileSync(file)
  const count = () => {
    const counts = new Map()
    eachLine(bytes, (line) => {
      const { country } = JSON.parse(line)
      counts.set(country, (counts.get(country) ?? 0) + 1)
    })
    return counts
  }
  return { run: timed(count), answer: digest }
}
