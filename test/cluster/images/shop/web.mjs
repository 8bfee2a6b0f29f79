// The shop's front: `/checkout` asks the two services behind it and shows the path its answer took.
import { get, serve } from './service.mjs';

const catalog = process.env.CATALOG_URL ?? 'http://catalog';
const orders = process.env.ORDERS_URL ?? 'http://orders';

serve({
  service: 'web',
  port: Number(process.env.PORT ?? 8080),
  routes: {
    '/checkout': async () => {
      const [items, order] = await Promise.all([get(`${catalog}/items`), get(`${orders}/new`)]);
      return { calls: [items, order] };
    },
  },
});
