// Takes an order: asks the catalog for the price on the way.
import { get, serve } from './service.mjs';

const catalog = process.env.CATALOG_URL ?? 'http://catalog';
let last = 0;

serve({
  service: 'orders',
  port: Number(process.env.PORT ?? 8080),
  routes: {
    '/new': async () => {
      const price = await get(`${catalog}/price`);
      return { order: ++last, calls: [price] };
    },
  },
});
