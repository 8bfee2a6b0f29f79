// A service of any name, for workloads that are about their shape and not about what they do.
import { serve } from './service.mjs';

serve({ service: process.env.SERVICE ?? 'any', port: Number(process.env.PORT ?? 8080) });
