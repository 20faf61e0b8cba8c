# A Slurm cluster of two nodes on this machine, for a test that sources this: slurm_up FOLDER, slurm_down.
# Everything lies in the folder, ports are drawn, and nothing of it outlives slurm_down, which the
# caller's trap has to call however it ends.  Several slurmd of one host are told apart by -N.

slurm_missing() { # prints what is not installed
    for program in slurmctld slurmd sbatch srun scontrol squeue munged; do
        command -v "$program" >/dev/null || PATH=$PATH:/usr/sbin:/sbin command -v "$program" >/dev/null || echo "$program"
    done
}

slurm_config() { # folder, first port
    cat <<CONF
ClusterName=test
SlurmctldHost=localhost(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$1/munge.socket
SlurmctldPort=$2
SlurmctldPidFile=$1/slurmctld.pid
SlurmdPidFile=$1/slurmd.%n.pid
SlurmctldLogFile=$1/log/slurmctld.log
SlurmdLogFile=$1/log/slurmd.%n.log
StateSaveLocation=$1/state
SlurmdSpoolDir=$1/spool/%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
ReturnToService=2
MinJobAge=3600
KillWait=10
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=1,sched_min_interval=100000,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
JobAcctGatherType=jobacct_gather/none
NodeName=n1 NodeHostname=localhost NodeAddr=127.0.0.1 Port=$(($2 + 1)) CPUs=2 RealMemory=4000 State=UNKNOWN
NodeName=n2 NodeHostname=localhost NodeAddr=127.0.0.1 Port=$(($2 + 2)) CPUs=2 RealMemory=4000 State=UNKNOWN
PartitionName=low Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP PriorityTier=1 PreemptMode=REQUEUE GraceTime=8
PartitionName=high Nodes=n1,n2 MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=OFF
CONF
}

slurm_up() { # folder
    slurm_folder=$1
    # Whoever is killed cleans nothing up: this one does, once the caller is gone.
    setsid bash -c '. "$1"; while kill -0 "$2" 2>/dev/null; do sleep 0.5; done; export SLURM_CONF=$3/slurm.conf; slurm_folder=$3; slurm_down' \
        watch "$(dirname "${BASH_SOURCE[0]}")/slurm_cluster.sh" $$ "$1" >/dev/null 2>&1 </dev/null &
    PATH=$PATH:/usr/sbin:/sbin
    export SLURM_CONF=$1/slurm.conf
    mkdir -p "$1/state" "$1/spool/n1" "$1/spool/n2" "$1/log"
    chmod 755 "$1" "$1/log" # munged refuses what others may write to
    slurm_config "$1" $((20000 + RANDOM % 400 * 4)) >"$SLURM_CONF"
    dd if=/dev/urandom of="$1/munge.key" bs=128 count=1 status=none
    chmod 400 "$1/munge.key"
    munged --force --key-file="$1/munge.key" --socket="$1/munge.socket" --pid-file="$1/munged.pid" \
        --log-file="$1/log/munged.log" --seed-file="$1/munge.seed" 2>>"$1/log/start.log" &&
        slurmctld -c 2>>"$1/log/start.log" && slurmd -N n1 2>>"$1/log/start.log" && slurmd -N n2 2>>"$1/log/start.log" || return 1
    for _ in $(seq 200); do
        [ "$(sinfo -h -o %T 2>>"$1/log/start.log" | sort -u)" = idle ] && return 0
        sleep 0.1
    done
    return 1
}

# Daemons by the ids that they wrote down, and their jobs' processes before them.
slurm_down() {
    [ -n "${slurm_folder:-}" ] || return 0
    set +e # of an exit: every step is taken, whatever the one before did
    if [ -s "$slurm_folder/slurmctld.pid" ]; then
        timeout 10 scancel -u root 2>/dev/null
        timeout 10 scancel -f -s KILL -u root 2>/dev/null
        for _ in $(seq 50); do
            [ -z "$(timeout 5 squeue -h -t running,completing 2>/dev/null)" ] && break
            sleep 0.1
        done
    fi
    for name in slurmd.n1 slurmd.n2 slurmctld munged; do
        pid=$(cat "$slurm_folder/$name.pid" 2>/dev/null) || continue
        [ -n "$pid" ] || continue
        kill "$pid" 2>/dev/null
        for _ in $(seq 50); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -9 "$pid" 2>/dev/null
    done
    slurm_folder=
}
