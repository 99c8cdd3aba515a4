# Starts programs for the runner: to fork this small process costs a fraction of what it costs to fork Node's. src/spawner.ts is the
# other side, and says what is written where. Ends when there is nothing more to come from there.
# A fork has to copy each page that it writes to, or that this process writes to after it: so all that a program gets is made ready
# before, and the fork does two things. Perl's own files are not used: of each that it opens, it asks the system four things. Nor are
# its warnings: a fork would have a third more to copy.
use strict;

# The numbers of system calls; the first is taken for one as it stands.
my ($READ, $WRITE, $CLOSE, $PIPE2, $DUP3, $SETSID, $FCNTL, $PIDFD_OPEN, $CLOSE_RANGE) = map { $_ + 0 } @ARGV;
my $CLOEXEC = 0x80000;
my ($F_SETFL, $F_DUPFD_CLOEXEC, $NONBLOCK, $EAGAIN) = (4, 1030, 0x800, 11);
my $PIECE = 1 << 16;
# The last file number that there can be.
my $LAST = 0x7fffffff;
# In seconds. What a program prints is told together with its end, if that comes so soon.
my $SOON = 0.002;
# Until then, or until so much else has happened, nobody looks what a program prints: each look would keep it from going on.
my $TURNS = 3;

# By the number that was asked for: the programs that run, with the numbers of their files; what kept a fork from becoming one.
my (%kids, %refusals);
# The programs that have just been started.
my @fresh;
# The names of the variables that only the last one has, and what all have.
my @own;
my %usual;
# By the number of a file: what is done when there is something to read in it.
my %on;
my $watched = '';
# What was read and is not obeyed yet; what is to be told.
my ($asked, $told) = ('', '');
# Whether it is to be told at once, and how often it was kept back.
my ($is_urgent, $kept) = (0, 0);
# The numbers of files that are to be closed.
my @done;
my $buffer = "\0" x $PIECE;

# The runner may be gone. A program has this as it is by default: nothing that is called is handed on.
$SIG{PIPE} = sub { };
exit 1 if syscall($CLOSE_RANGE, 3, $LAST, 0) < 0;
# A program finds nothing to read, and between two of them, nobody else holds what they print to.
my ($from, $to) = (copy_of(0), copy_of(1));
open(my $null, '<', '/dev/null') or exit 1;
syscall($DUP3, fileno $null, $_, 0) for 0 .. 2;
my ($refused, $refuse) = pipe_of($NONBLOCK) or exit 1;
my $self = syscall($PIDFD_OPEN, $$ + 0, 0);
exit 1 if $self < 0;
shut($self);
my $variables;
hear() until defined($variables = framed());
%usual = %ENV = strings($variables);
urgently('y', 0, '');

for (;;) {
    my $before = length $told;
    if ($is_urgent || $before > $PIECE) {
        put($to, $told) or exit 1;
        ($told, $before, $is_urgent, $kept) = ('', 0, 0, 0);
    }
    # The runner has something to think about: the time for what it need not wait for.
    shut($_) for splice @done;
    vec(my $ready = $watched, $from, 1) = 1;
    my $found = select($ready, undef, undef, $before || @fresh ? $SOON : undef);
    # It was stopped, and goes on.
    next if $found < 0 && $! == 4;
    exit 1 if $found < 0;
    look_at_fresh(!$found) if @fresh;
    # What is new comes last: a file that it opens may get the number of one that was closed in this turn.
    for my $file ($found ? sort { $a <=> $b } keys %on : ()) {
        $on{$file}->() if vec($ready, $file, 1) && $on{$file};
    }
    if ($found && vec($ready, $from, 1)) { hear(); obey() }
    $is_urgent = 1 if $before && (!$found || ++$kept > 2);
}

sub hear {
    my $piece = piece_of($from);
    exit 0 if $piece eq '';
    $asked .= $piece;
}

sub obey {
    while (defined(my $request = framed())) {
        my ($kind, $id) = unpack('a N', $request);
        if ($kind eq 's') { start($id, strings(substr($request, 5))) }
        elsif (my $kid = $kids{$id}) { forget($kid, 'out'); settle($kid) }
    }
}

sub start {
    my ($id, $cwd, $file, $variables, @rest) = @_;
    my %own = splice @rest, 0, 2 * $variables;
    # The runner names its variables alike, most of the time.
    for (grep { !exists $own{$_} } @own) {
        if   (exists $usual{$_}) { $ENV{$_} = $usual{$_} }
        else                     { delete $ENV{$_} }
    }
    @own = keys %own;
    @ENV{@own} = values %own;
    chdir $cwd or return refuse($id);
    my ($out, $own_out) = pipe_of(0) or return refuse($id);
    syscall($FCNTL, $out, $F_SETFL, $NONBLOCK);
    syscall($DUP3, $own_out, $_, 0) for 1, 2;
    my $pid = fork;
    if (defined $pid && !$pid) {
        syscall($SETSID);
        exec { $file } @rest;
        put($refuse, pack('N2', $id, $! + 0));
        exit 127;
    }
    my $errno = $! + 0;
    syscall($DUP3, 0, $_, 0) for 1, 2;
    shut($own_out);
    # Its number was just given back, so that there is one for this.
    my $ended = defined $pid ? syscall($PIDFD_OPEN, $pid, 0) : -1;
    if ($ended < 0) { shut($out); $! = $errno; return refuse($id) }
    my $kid = $kids{$id} = { id => $id, pid => $pid, turns => $TURNS, files => { out => $out, ended => $ended } };
    watch($ended, sub { ended($kid) });
    push @fresh, $kid;
    urgently('p', $id, pack('N', $pid));
}

sub refuse { urgently('f', $_[0], pack('N', $! + 0)) }

# From here on, what they print is told as it comes.
sub look_at_fresh {
    my ($is_quiet) = @_;
    my @young;
    for my $kid (@fresh) {
        if    ($kid->{turns}-- > 0 && !$is_quiet) { push @young, $kid }
        elsif ($kid->{files}{out})                { look_at($kid) }
    }
    @fresh = @young;
}

sub look_at {
    my ($kid) = @_;
    watch($kid->{files}{out}, sub { print_of($kid) });
}

# Whether there may be more at once.
sub print_of {
    my ($kid) = @_;
    my $piece = piece_of($kid->{files}{out}) // return 0;
    if ($piece eq '') { forget($kid, 'out'); settle($kid); return 0 }
    $told .= message('o', $kid->{id}, $piece);
    return 1;
}

sub ended {
    my ($kid) = @_;
    waitpid $kid->{pid}, 0;
    $kid->{status} = $?;
    if ($? == 127 << 8) {
        my $pairs = piece_of($refused) // '';
        %refusals = (%refusals, unpack('(N2)*', $pairs));
        $kid->{errno} = delete $refusals{ $kid->{id} };
    }
    forget($kid, 'ended');
    @fresh = grep { $_ != $kid } @fresh;
    # Twice: what it has printed, and that there is no more.
    if ($kid->{files}{out}) { print_of($kid) && print_of($kid) }
    # What it has started itself may still hold its pipe.
    if (!settle($kid)) { look_at($kid); urgently('d', $kid->{id}, '') }
}

sub forget {
    my ($kid, $name) = @_;
    my $file = delete $kid->{files}{$name} // return;
    delete $on{$file};
    vec($watched, $file, 1) = 0;
    push @done, $file;
}

# Whether it is over.
sub settle {
    my ($kid) = @_;
    return 0 if !defined $kid->{status} || %{ $kid->{files} };
    return 1 if !delete $kids{ $kid->{id} };
    if   (defined $kid->{errno}) { urgently('f', $kid->{id}, pack('N', $kid->{errno})) }
    else                         { urgently('x', $kid->{id}, pack('N', $kid->{status})) }
    return 1;
}

sub watch {
    my ($file, $work) = @_;
    $on{$file} = $work;
    vec($watched, $file, 1) = 1;
}

sub message { return pack('a N N/a*', @_) }

sub urgently {
    $told .= message(@_);
    $is_urgent = 1;
}

# What is whole of the next that was asked.
sub framed {
    return if length $asked < 4 || length $asked < 4 + (my $length = unpack('N', $asked));
    my $what = substr($asked, 4, $length);
    substr($asked, 0, 4 + $length) = '';
    return $what;
}

# Empty at the end; undefined where there is nothing yet, of a file for which nobody waits.
sub piece_of {
    my ($file) = @_;
    my $length = syscall($READ, $file, $buffer, $PIECE);
    return $length > 0 ? substr($buffer, 0, $length) : $length < 0 && $! == $EAGAIN ? undef : '';
}

sub put {
    my ($file, $bytes) = @_;
    while ($bytes ne '') {
        my $length = syscall($WRITE, $file, $bytes, length $bytes);
        return 0 if $length < 0;
        substr($bytes, 0, $length) = '';
    }
    return 1;
}

sub pipe_of {
    my ($flags) = @_;
    my $ends = pack('i2', 0, 0);
    return syscall($PIPE2, $ends, $CLOEXEC | $flags) < 0 ? () : unpack('i2', $ends);
}

# Which no program gets.
sub copy_of {
    my ($file) = @_;
    my $copy = syscall($FCNTL, $file, $F_DUPFD_CLOEXEC, 3);
    exit 1 if $copy < 0;
    return $copy;
}

sub shut { syscall($CLOSE, $_[0]) }

sub strings { return unpack('(N/a*)*', $_[0]) }
