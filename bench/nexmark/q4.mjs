import { closedAuctions, plainClosedAuctions } from './closed.mjs'

/** The average of the winning bids of each category, so far. */
export function stream(events) {
  closedAuctions(events)
    .map((auction) => [auction.category, auction.price])
    .updateStateByKey((prices, { sum, count } = { sum: 0, count: 0 }) => ({
      sum: prices.reduce((a, b) => a + b, sum),
      count: count + prices.length,
    }))
    .map(([category, { sum, count }]) => [category, Math.floor(sum / count)])
    .output('result')
}

export function plain() {
  const closed = plainClosedAuctions()
  const categories = new Map()
  return (events, time) => {
    for (const { category, price } of closed(events, time)) {
      const { sum, count } = categories.get(category) ?? { sum: 0, count: 0 }
      categories.set(category, { sum: sum + price, count: count + 1 })
    }
    return [...categories].map(([category, { sum, count }]) => [category, Math.floor(sum / count)])
  }
}
