import { random } from '../words.mjs'

/*
 * The events of an auction house, after the Nexmark benchmark: of every 50, one is a person, three are auctions and 46
 * are bids. Batch i holds those of second i, so that the time of a batch is the time of its events. Fixed seed.
 */

export const SECOND_MS = 1000
const CYCLE = 50
const STATES = ['AZ', 'CA', 'ID', 'OR', 'WA', 'WY']
const CITIES = ['Bend', 'Boise', 'Cheyenne', 'Kent', 'Phoenix', 'Portland', 'San Francisco', 'Seattle']
const NAMES = ['Deiter', 'Julie', 'Kate', 'Luke', 'Paul', 'Peter', 'Sarah', 'Vicky', 'Walter']
/** Auctions and persons that are still active: the latest ones. */
const RECENT = 100
/** This share of bids and sellers goes to a few. */
const HOT_SHARE = 0.5
const HOT = 4

/**
 * The JSON lines of a batch. Batches are independent of each other: each has its own seed, and ids follow from its
 * number.
 */
export function* eventLines(batch, count) {
  const next = random(5000 + batch)
  const whole = (below) => Math.floor(next() * below)
  const of = (items) => items[whole(items.length)]
  const recent = (last) => Math.max(0, last - (next() < HOT_SHARE ? whole(HOT) : whole(RECENT)))
  const cycles = Math.floor(count / CYCLE)
  for (let n = 0; n < count; n++) {
    const cycle = batch * cycles + Math.floor(n / CYCLE)
    const turn = n % CYCLE
    const time = batch * SECOND_MS + Math.floor((n * SECOND_MS) / count)
    const person = cycle
    const auction = cycle * 3 + Math.min(turn - 1, 2)
    if (turn === 0) {
      yield json({ kind: 'person', id: person, name: of(NAMES), city: of(CITIES), state: of(STATES), time })
    } else if (turn <= 3) {
      const expires = time + 2000 + whole(8000)
      yield json({ kind: 'auction', id: auction, seller: recent(person), category: 10 + whole(5), expires, time })
    } else {
      const price = Math.floor(100 * 10 ** (next() * 4))
      yield json({ kind: 'bid', auction: recent(auction), bidder: recent(person), price, time })
    }
  }
}

const json = (event) => JSON.stringify(event)
