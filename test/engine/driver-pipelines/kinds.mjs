// Records of every kind, pushed and sent back as they are.
import { definePipeline } from 'millrace'

export default definePipeline((ssc) => {
  ssc.pushStream('records').output('same')
  ssc
    .pushStream('other')
    .map((x) => [x, { of: [x] }])
    .output('other')
})
