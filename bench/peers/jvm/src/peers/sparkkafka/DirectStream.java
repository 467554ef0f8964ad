package peers.sparkkafka;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.streaming.Milliseconds;
import org.apache.spark.streaming.api.java.JavaInputDStream;
import org.apache.spark.streaming.api.java.JavaStreamingContext;
import org.apache.spark.streaming.kafka010.ConsumerStrategies;
import org.apache.spark.streaming.kafka010.KafkaUtils;
import org.apache.spark.streaming.kafka010.LocationStrategies;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import peers.Serve;

/**
 * Counts a topic in the first batch of a direct stream. usage: DirectStream threads=2 broker=HOST:PORT topic=lines count=N
 * fetchBytes=N scratch=FOLDER [master=spark://HOST:PORT]
 *
 * An iteration is a new stream over the same Spark context, as the number of the first batch is asked for. Its time is the
 * batch's processing time: neither the start of the stream nor the wait for its interval counts. The consumers, which Spark
 * keeps for each partition and group, are those of the iteration before.
 */
public final class DirectStream {
  private static final int INTERVAL_MS = 200;
  private static final int PATIENCE_S = 120;
  private record Batch(long count, double ms) {}

  public static void main(String[] words) throws Exception {
    Serve.task(words);
    SparkConf conf = new SparkConf().setAppName("kafka").setMaster("local[" + Serve.word("threads") + "]")
        .set("spark.ui.enabled", "false").set("spark.driver.host", "127.0.0.1").set("spark.driver.bindAddress", "127.0.0.1")
        .set("spark.log.level", "ERROR").set("spark.local.dir", Serve.word("scratch"))
        .set("spark.streaming.ui.retainedBatches", "1");
    String master = Serve.word("master", null);
    // Executors of one core, which find the classes where the driver does.
    if (master != null)
      conf.remove("spark.local.dir").setMaster(master).set("spark.executor.cores", "1").set("spark.executor.memory", "2g")
          .set("spark.cores.max", Serve.word("threads")).set("spark.executor.extraClassPath", System.getProperty("java.class.path"))
          .set("spark.executor.extraJavaOptions", "-Dlog4j2.level=ERROR -Dlog4j.configurationFile=" + System.getProperty("log4j.configurationFile"));
    JavaSparkContext spark = new JavaSparkContext(conf);
    Map<String, Object> kafka = new HashMap<>();
    kafka.put("bootstrap.servers", Serve.word("broker"));
    kafka.put("group.id", "spark-direct");
    kafka.put("key.deserializer", ByteArrayDeserializer.class);
    kafka.put("value.deserializer", ByteArrayDeserializer.class);
    kafka.put("auto.offset.reset", "earliest");
    kafka.put("enable.auto.commit", false);
    kafka.put("isolation.level", "read_committed");
    kafka.put("max.partition.fetch.bytes", Serve.number("fetchBytes"));
    kafka.put("max.poll.records", 10_000);
    long[] total = {0};
    Serve.serve(() -> {
      Batch batch = first(spark, kafka);
      total[0] = batch.count();
      return batch.ms();
    }, () -> Serve.total(total[0]));
  }

  /** The first batch that reads records. */
  private static Batch first(JavaSparkContext spark, Map<String, Object> kafka) throws Exception {
    JavaStreamingContext streaming = new JavaStreamingContext(spark, Milliseconds.apply(INTERVAL_MS));
    LinkedBlockingQueue<Batch> batches = new LinkedBlockingQueue<>();
    JavaInputDStream<ConsumerRecord<byte[], byte[]>> lines = KafkaUtils.createDirectStream(streaming,
        LocationStrategies.PreferConsistent(),
        ConsumerStrategies.<byte[], byte[]>Subscribe(List.of(Serve.word("topic")), kafka));
    lines.foreachRDD(rdd -> {
      long begun = System.nanoTime();
      // The count of the RDD itself comes from its offsets, and reads nothing.
      long count = rdd.map(record -> record.value().length).count();
      if (count > 0) batches.add(new Batch(count, Serve.millis(begun)));
    });
    streaming.start();
    Batch batch = batches.poll(PATIENCE_S, TimeUnit.SECONDS);
    streaming.stop(false, false);
    if (batch == null) throw new IllegalStateException("no batch has read records");
    return batch;
  }
}
