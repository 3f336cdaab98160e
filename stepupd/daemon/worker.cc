// SPDX-License-Identifier: ISC
#include "stepupd/daemon/worker.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

namespace stepup::daemon {
namespace {

constexpr std::size_t kMaxSubjects = 64;
constexpr std::size_t kMaxJobsEach = 256;

}  // namespace

Worker::~Worker() { stop(); }

void Worker::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

Status Worker::start(sd_event* loop) {
  finished_event_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!finished_event_) return failure(Errc::Internal, "eventfd", errno);
  auto watching = finished_source_.start(loop, finished_event_.get(), EPOLLIN,
                                         [this](std::uint32_t) { deliver(); });
  if (!watching) return watching;
  thread_ = std::thread([this] { run(); });
  return {};
}

Status Worker::submit(uid_t subject, Job job) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = waiting_.find(subject);
    if (found != waiting_.end()) {
      if (found->second.size() >= kMaxJobsEach) return failure(Errc::Busy, "jobs of one subject");
      found->second.push_back(std::move(job));
    } else {
      if (turns_.size() >= kMaxSubjects) return failure(Errc::Busy, "jobs");
      waiting_[subject].push_back(std::move(job));
      turns_.push_back(subject);
    }
  }
  wake_.notify_one();
  return {};
}

void Worker::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !turns_.empty(); });
    if (stopping_) return;
    const uid_t subject = turns_.front();
    turns_.pop_front();
    const auto entry = waiting_.find(subject);
    Job job = std::move(entry->second.front());
    entry->second.pop_front();
    if (entry->second.empty()) {
      waiting_.erase(entry);
    } else {
      turns_.push_back(subject);
    }
    lock.unlock();
    job.work();
    lock.lock();
    finished_.push_back(std::move(job));
    const std::uint64_t one = 1;
    (void)!write(finished_event_.get(), &one, sizeof one);  // can only fail when already signalled
  }
}

void Worker::deliver() {
  std::uint64_t count = 0;
  (void)!read(finished_event_.get(), &count, sizeof count);
  std::vector<Job> finished;
  {
    const std::lock_guard lock(mutex_);
    finished.swap(finished_);
  }
  for (Job& job : finished) job.done();
}

}  // namespace stepup::daemon
