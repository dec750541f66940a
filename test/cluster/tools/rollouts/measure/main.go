// Measure takes one measurement for each metric of AnalysisTemplates, by the controller's own code: arguments are merged and
// resolved, metrics validated, providers asked and conditions evaluated as an AnalysisRun would have it.
//
// A line of its input is {"templates": [AnalysisTemplate, ...], "args": [{"name": ..., "value": ...}, ...]}; the line that
// it answers with is {"error": "..."} or {"measurements": [{"metric", "phase", "value", "message", "count",
// "inconclusiveLimit", "failureLimit"}, ...]}, in the order of the metrics.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"

	log "github.com/sirupsen/logrus"

	"github.com/argoproj/argo-rollouts/metric"
	"github.com/argoproj/argo-rollouts/metricproviders/prometheus"
	"github.com/argoproj/argo-rollouts/metricproviders/webmetric"
	"github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	"github.com/argoproj/argo-rollouts/utils/analysis"
)

type question struct {
	Templates []*v1alpha1.AnalysisTemplate `json:"templates"`
	Args      []v1alpha1.Argument          `json:"args"`
}

type measurement struct {
	Metric            string                 `json:"metric"`
	Phase             v1alpha1.AnalysisPhase `json:"phase"`
	Value             string                 `json:"value"`
	Message           string                 `json:"message"`
	Count             int                    `json:"count"`
	InconclusiveLimit int                    `json:"inconclusiveLimit"`
	FailureLimit      int                    `json:"failureLimit"`
}

type answer struct {
	Error        string        `json:"error,omitempty"`
	Measurements []measurement `json:"measurements,omitempty"`
}

func main() {
	log.SetOutput(io.Discard)
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		measurements, err := measure(lines.Bytes())
		reply := answer{Measurements: measurements}
		if err != nil {
			reply = answer{Error: err.Error()}
		}
		if out.Encode(reply) != nil {
			os.Exit(1)
		}
	}
}

func measure(line []byte) ([]measurement, error) {
	var asked question
	if err := json.Unmarshal(line, &asked); err != nil {
		return nil, err
	}
	run, err := analysis.NewAnalysisRunFromTemplates(asked.Templates, nil, asked.Args, nil, nil, nil, nil, "run", "", "default")
	if err != nil {
		return nil, err
	}
	metrics := make([]v1alpha1.Metric, 0, len(run.Spec.Metrics))
	for _, one := range run.Spec.Metrics {
		resolved, err := analysis.ResolveMetricArgs(one, run.Spec.Args)
		if err != nil {
			return nil, err
		}
		metrics = append(metrics, *resolved)
	}
	if err := analysis.ValidateMetrics(metrics); err != nil {
		return nil, err
	}
	found := make([]measurement, 0, len(metrics))
	for _, one := range metrics {
		provider, err := providerOf(one)
		if err != nil {
			return nil, err
		}
		taken := provider.Run(run, one)
		result := measurement{Metric: one.Name, Phase: taken.Phase, Value: taken.Value, Message: taken.Message}
		if count := one.EffectiveCount(); count != nil {
			result.Count = count.IntValue()
		}
		if one.InconclusiveLimit != nil {
			result.InconclusiveLimit = one.InconclusiveLimit.IntValue()
		}
		if one.FailureLimit != nil {
			result.FailureLimit = one.FailureLimit.IntValue()
		}
		found = append(found, result)
	}
	return found, nil
}

func providerOf(one v1alpha1.Metric) (metric.Provider, error) {
	logger := *log.WithField("metric", one.Name)
	switch {
	case one.Provider.Prometheus != nil:
		api, err := prometheus.NewPrometheusAPI(one)
		if err != nil {
			return nil, err
		}
		return prometheus.NewPrometheusProvider(api, logger, one)
	case one.Provider.Web != nil:
		client, err := webmetric.NewWebMetricHttpClient(one)
		if err != nil {
			return nil, err
		}
		paths, err := webmetric.NewWebMetricJsonParser(one)
		if err != nil {
			return nil, err
		}
		return webmetric.NewWebMetricProvider(logger, client, paths), nil
	}
	return nil, fmt.Errorf("metric %s: neither of the providers prometheus and web", one.Name)
}
