package cli

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/pprof"

	"github.com/spf13/pflag"

	"valet/cmd/internal/ui"
)

// profiles are the profiles of a command, for whoever wonders what it spends its time and memory on.
type profiles struct {
	cpuPath, memoryPath string
	cpu                 *ui.File
}

// addFlags declares the flags that every command takes.
func (p *profiles) addFlags(f *pflag.FlagSet) {
	f.StringVar(&p.cpuPath, "cpu-profile", "", "write a CPU profile of valet to `FILE`, for go tool pprof")
	f.StringVar(&p.memoryPath, "mem-profile", "", "write a profile of valet's allocations to `FILE`, for go tool pprof")
}

// start begins the CPU profile if one is asked for.
func (p *profiles) start() error {
	if p.cpuPath == "" {
		return nil
	}
	f, err := ui.CreateFile(p.cpuPath)
	if err != nil {
		return fmt.Errorf("write CPU profile: %w", err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		f.Abort()
		return fmt.Errorf("write CPU profile: %w", err)
	}
	p.cpu = f
	return nil
}

// stop completes the profiles. A command that failed is profiled too.
func (p *profiles) stop() error {
	var errs []error
	if p.cpu != nil {
		pprof.StopCPUProfile()
		if err := p.cpu.Commit(); err != nil {
			errs = append(errs, fmt.Errorf("write CPU profile: %w", err))
		}
		p.cpu = nil
	}
	if p.memoryPath != "" {
		if err := writeMemoryProfile(p.memoryPath); err != nil {
			errs = append(errs, fmt.Errorf("write memory profile: %w", err))
		}
		p.memoryPath = ""
	}
	return errors.Join(errs...)
}

func writeMemoryProfile(path string) error {
	f, err := ui.CreateFile(path)
	if err != nil {
		return err
	}
	runtime.GC() // so that what is in use is known
	if err := pprof.Lookup("allocs").WriteTo(f, 0); err != nil {
		f.Abort()
		return err
	}
	return f.Commit()
}
