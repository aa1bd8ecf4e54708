// Both endpoints in C++17: a handle closes itself, and an error is thrown.
// c++ -std=c++17 hello.cpp $(pkg-config --cflags --libs shm-mailbox)
#include <shm_mailbox.h>

#include <iostream>
#include <memory>
#include <stdexcept>
#include <string_view>

struct Close {
  void operator()(shm_sender *it) const { shm_sender_close(&it, 0, nullptr); }
  void operator()(shm_receiver *it) const { shm_receiver_close(&it, nullptr); }
};

static void check(int error)
{
  if (error != SHM_OK) throw std::runtime_error(shm_last_error());
}

int main()
{
  shm_sender *sending;
  shm_receiver *receiving;
  check(shm_pair(&sending, &receiving, nullptr));
  std::unique_ptr<shm_sender, Close> sender(sending);
  std::unique_ptr<shm_receiver, Close> receiver(receiving);

  std::string_view text = "two scones";
  check(shm_send(sender.get(), text.data(), text.size()));
  shm_message message;
  check(shm_recv(receiver.get(), &message));
  std::cout.write(reinterpret_cast<const char *>(message.data),
                  static_cast<std::streamsize>(message.length));
  std::cout << '\n';
}
