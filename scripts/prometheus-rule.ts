/**
 * Writes the rules of `config/prometheus/headgate.rules.yaml` as an object for the Prometheus operator, comments and all:
 * `node scripts/prometheus-rule.ts`. A test sees to it that both say the same.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const CONFIG = join(import.meta.dirname, '../config');
const HEADER = `# Made by scripts/prometheus-rule.ts of config/prometheus/headgate.rules.yaml: change that one. An operator that selects its rules by
# label wants one more here.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: headgate
  labels: { app.kubernetes.io/name: headgate }
spec:
`;

const rules = readFileSync(join(CONFIG, 'prometheus/headgate.rules.yaml'), 'utf8');
const groups = rules.slice(rules.search(/^groups:/m)).replaceAll(/^(?=.)/gm, '  ');
writeFileSync(join(CONFIG, 'kubernetes/overlays/servicemonitor/prometheus-rule.yaml'), HEADER + groups);
