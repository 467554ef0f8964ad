import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.flume.Event;
import org.apache.flume.api.RpcClient;
import org.apache.flume.api.RpcClientFactory;
import org.apache.flume.event.EventBuilder;

/**
 * Sends numbered events with Flume's own client: FlumeClient PORT BATCHES SIZE BYTES RETRIES [property=value ...]. A batch that fails
 * is sent again over a new connection, as an agent does. It prints "acked N" for each batch, and "failed N why".
 */
public class FlumeClient {
  public static void main(String[] args) throws Exception {
    int batches = Integer.parseInt(args[1]), size = Integer.parseInt(args[2]), bytes = Integer.parseInt(args[3]);
    int retries = Integer.parseInt(args[4]);
    Properties properties = new Properties();
    properties.setProperty("hosts", "h1");
    properties.setProperty("hosts.h1", "127.0.0.1:" + args[0]);
    properties.setProperty("client.type", "default");
    properties.setProperty("batch-size", "" + size);
    for (String pair : Arrays.copyOfRange(args, 5, args.length)) {
      properties.setProperty(pair.substring(0, pair.indexOf('=')), pair.substring(pair.indexOf('=') + 1));
    }
    RpcClient client = null;
    for (int i = 0; i < batches; i++) {
      List<Event> events = events(i, size, bytes);
      for (;;) {
        try {
          if (client == null) client = RpcClientFactory.getInstance(properties);
          if (size == 1) client.append(events.get(0));
          else client.appendBatch(events);
          System.out.println("acked " + i);
          break;
        } catch (Exception e) {
          System.out.println("failed " + i + " " + e);
          if (client != null) client.close();
          client = null;
          if (retries-- <= 0) System.exit(1);
          Thread.sleep(100);
        }
      }
    }
    if (client != null) client.close();
    System.exit(0);
  }

  static List<Event> events(int batch, int size, int bytes) {
    List<Event> events = new ArrayList<>(size);
    for (int j = 0; j < size; j++) {
      int n = batch * size + j;
      Map<String, String> headers = new TreeMap<>();
      headers.put("number", "" + n);
      headers.put("host", "h\u00f6st");
      StringBuilder body = new StringBuilder(n + " ");
      while (body.length() < bytes) body.append('x');
      events.add(EventBuilder.withBody(body.toString(), StandardCharsets.UTF_8, headers));
    }
    return events;
  }
}
