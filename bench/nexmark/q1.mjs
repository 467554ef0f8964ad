/** Currency conversion: every bid, in euros. */
export const stream = (events) =>
  events
    .filter((event) => event.kind === 'bid')
    .map((bid) => [bid.auction, Math.floor(bid.price * 0.908)])
    .output('result')

export const plain = () => (events) =>
  events.filter(({ kind }) => kind === 'bid').map(({ auction, price }) => [auction, Math.floor(price * 0.908)])
