import { readFileSync } from 'node:fs'
import { digest } from '../../compare/digest.mjs'
import { eachLine } from './lines.mjs'
import { timed } from './serve.mjs'

export function open({ file, users }) {
  const orders = readFileSync(file)
  const regions = new Map()
  eachLine(readFileSync(users), (line) => regions.set(...line.split(',')))
  const join = () => {
    const sums = new Map()
    eachLine(orders, (line) => {
      const [user, amount] = line.split(',')
      const region = regions.get(user)
      if (region !== undefined) sums.set(region, (sums.get(region) ?? 0) + Number(amount))
    })
    return sums
  }
  return { run: timed(join), answer: digest }
}
