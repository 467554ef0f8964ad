import { expect, it } from 'vitest'
import { eventLines } from '../../bench/nexmark/events.mjs'

const batch = (i: number, count = 1000) => [...eventLines(i, count)].map((line) => JSON.parse(line))

it('makes of 50 events one person, three auctions and 46 bids, with ids that go on from batch to batch', () => {
  const events = [...batch(0), ...batch(1)]
  const of = (kind: string) => events.filter((event) => event.kind === kind)
  expect([of('person'), of('auction'), of('bid')].map(({ length }) => length)).toEqual([40, 120, 1840])
  expect(of('person').map(({ id }) => id)).toEqual(Array.from({ length: 40 }, (_, id) => id))
  expect(of('auction').map(({ id }) => id)).toEqual(Array.from({ length: 120 }, (_, id) => id))
})

it('gives batch i the events of second i, which know only what came before them', () => {
  const known = { person: -1, auction: -1 }
  for (const event of [...batch(0), ...batch(1)]) {
    if (event.kind === 'bid') expect(event.auction).toBeLessThanOrEqual(known.auction)
    else if (event.kind === 'auction') expect(event.seller).toBeLessThanOrEqual(known.person)
    if (event.kind !== 'bid') known[event.kind as 'person' | 'auction'] = event.id
  }
  expect(batch(3).every(({ time }) => time >= 3000 && time < 4000)).toBe(true)
})

it('is the same every time', () => {
  expect(batch(7)).toEqual(batch(7))
  expect(batch(7)).not.toEqual(batch(8))
})
